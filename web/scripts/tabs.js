// Tabs, as the ARIA Authoring Practices describe them: one stop for the Tab key, arrows between them, shown at once.

/** Shows the tabs; `open(panel)` is called when the second panel is shown for the first time. */
export function showTabs(open) {
  const list = document.querySelector("#tabs");
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const panels = tabs.map((tab) => document.getElementById(tab.getAttribute("aria-controls")));
  let isOpen = false;
  const select = (index) => {
    tabs.forEach((tab, other) => {
      tab.setAttribute("aria-selected", String(other === index));
      tab.tabIndex = other === index ? 0 : -1;
      panels[other].hidden = other !== index;
    });
    if (index > 0 && !isOpen) {
      isOpen = true;
      open(panels[index]);
    }
  };
  tabs.forEach((tab, index) => {
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => select(index));
  });
  list.addEventListener("keydown", ({ key }) => {
    const now = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[key];
    if (next === undefined || now < 0) return;
    const index = (next + tabs.length) % tabs.length;
    select(index);
    tabs[index].focus();
  });
  list.hidden = false;
  if (location.hash === "#cutout") select(1);
}
