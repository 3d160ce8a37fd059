// A button at each block of commands or code that copies it. Without this script the pages lack only that.
const LANGUAGES = ["bash", "sh", "python", "javascript", "r"];
const BLOCKS = LANGUAGES.map((language) => `code.language-${language}`).join();

for (const code of document.querySelectorAll(BLOCKS)) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      // Browsers give the clipboard to https and localhost only: mark the text for the user's own copying.
      getSelection().selectAllChildren(code);
      button.textContent = "Marked: press Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy"), 3000);
  });
  const block = code.parentElement;
  const frame = document.createElement("div");
  frame.className = "block";
  block.replaceWith(frame);
  frame.append(block, button);
}
