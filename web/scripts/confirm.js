// Asks before something can't be undone.

/** Resolves to whether the visitor agreed; the focus goes back to where it was. */
export function confirmed({ question, detail, agree }) {
  const dialog = document.querySelector("#confirm");
  dialog.querySelector("h2").textContent = question;
  dialog.querySelector("p").textContent = detail;
  dialog.querySelector("[value=agree]").textContent = agree;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "agree"), { once: true });
  });
}
