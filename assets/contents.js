// Marks the section that is at the top of the screen in the contents beside the text.

// Distance in pixels from the top of the screen above which a heading begins the section that is read.
const TOP = 80;

const links = [...document.querySelectorAll("aside a")];
const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));

function mark() {
  const current = headings.findLastIndex((heading) => heading.getBoundingClientRect().top < TOP);
  for (const [at, link] of links.entries()) {
    if (at === current) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("scroll", mark, { passive: true });
mark();
