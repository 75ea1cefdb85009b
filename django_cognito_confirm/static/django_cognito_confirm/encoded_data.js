/*
 * For Cognito's threat protection: when a form is sent, puts in what AWS's script tells of this browser. That script is
 * another site's. If it has not come, is blocked or fails, the form is sent as it is.
 */
(() => {
  "use strict";

  const describeBrowser = (form, { username, userPoolId, clientId }) => {
    try {
      const typed = form.elements.namedItem("username");
      return AmazonCognitoAdvancedSecurityData.getData(typed ? typed.value.trim() : username, userPoolId, clientId) || "";
    } catch {
      return "";
    }
  };

  document.addEventListener("submit", ({ target }) => {
    const field = target.elements.namedItem("encoded_data");
    if (field) field.value = describeBrowser(target, field.dataset);
  });
})();
