// The texts of dialogs.
export const text = {
  cancel: "Cancel",
  close: "Close",
  busy: "One moment …",
};
