// Imports readings from a CSV file: shows how the file is understood, and stores nothing before the person says so. It
// stands below a heading of the second level.
import { html, useRef, useState } from "../lib/html.js";
import { decode } from "../lib/csv.js";
import { text } from "../texts/csv_import.js";
import { CsvFile } from "./csv_file.js";

const LARGEST = 200_000_000;

/**
 * `sensors` are the sensors that may be chosen, `sensor` the id of the one that the values most likely belong to. With
 * `organisation` (an id) new sensors may be created from columns, at `location` if it is given. `done(sent, sensors)` has the
 * counts and the ids of the sensors once something was sent.
 */
export function CsvImport({ sensors, sensor, organisation, location, done }) {
  const [file, setFile] = useState(null);
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [isOver, setOver] = useState(false);
  const count = useRef(0);

  const take = async (chosen) => {
    if (!chosen) return;
    setWrong("");
    if (chosen.size > LARGEST) return setWrong(text.fault.large);
    setBusy(true);
    try {
      const content = decode(new Uint8Array(await chosen.arrayBuffer()));
      setFile({ name: chosen.name, content, key: (count.current += 1) });
    } catch (error) {
      setWrong(text.fault[error.code] ?? text.fault.unreadable);
    }
    setBusy(false);
  };
  if (file) {
    return html`<${CsvFile} key=${file.key} file=${file} sensors=${sensors} sensor=${sensor} organisation=${organisation}
      location=${location} done=${done} leave=${() => setFile(null)} />`;
  }
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  const over = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const choose = (event) => {
    const { files } = event.currentTarget;
    take(files[0]);
    // The same file can be chosen again after it was corrected.
    event.currentTarget.value = "";
  };
  return html`
    <div class="drop ${isOver ? "over" : ""}" onDragOver=${over} onDragEnter=${over} onDragLeave=${() => setOver(false)} onDrop=${drop}>
      <p>${text.drop}</p>
      <label class="button primary">
        <input type="file" class="hidden" accept=".csv,.tsv,.txt,text/csv,text/plain" onChange=${choose} />
        ${text.choose}
      </label>
      <p class="quiet">${text.formats}</p>
      <div role="alert">${wrong && html`<p class="wrong">${wrong}</p>`}</div>
      <div role="status">${isBusy && text.reading}</div>
    </div>`;
}
