// The texts of forms.
export const text = {
  save: "Save",
  saving: "Saving …",
  cancel: "Cancel",
  stale: "Somebody else changed this after you opened it. Load the new state, then make your change again.",
  reload: "Load the new state",
};
