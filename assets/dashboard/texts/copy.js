// The texts of commands to copy and of files to save.
export const text = {
  copy: "Copy",
  copied: "Copied",
  export: "Export",
  json: "JSON",
  csv: "CSV",
  curl: "Copy as curl",
};
