// Signs in to Swagger UI with the token of the dashboard, unless the user has entered another one here.
function signIn(ui) {
  const key = `prediction-api-token${location.pathname.replace(/\/swagger$/, "")}`;
  const token = sessionStorage.getItem(key) ?? localStorage.getItem(key);
  const entered = Object.keys(JSON.parse(localStorage.getItem("authorized") ?? "{}"));
  if (token && entered.length === 0) ui.preauthorizeApiKey("bearer", token);
}
