"use strict";
(() => {
  const form = document.getElementById("filters");
  const names = ["severity", "section", "outcome", "framework", "text"];
  const fields = Object.fromEntries(names.map((name) => [name, form.elements[name]]));
  const rows = [...document.querySelectorAll("tbody[data-severity]")];
  const sections = [...document.querySelectorAll("section[data-section]")];
  const told = document.getElementById("told");
  const none = document.getElementById("none");

  const fits = (row) => {
    const wanted = (name) => fields[name].value;
    const words = wanted("text").toLowerCase().split(/\s+/).filter(Boolean);
    return (
      (!wanted("severity") || row.dataset.severity === wanted("severity")) &&
      (!wanted("section") || row.dataset.section === wanted("section")) &&
      (!wanted("outcome") || row.dataset.outcome === wanted("outcome")) &&
      (!wanted("framework") || row.dataset.frameworks.split("|").includes(wanted("framework"))) &&
      words.every((word) => row.dataset.words.includes(word))
    );
  };

  const apply = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = !fits(row);
      shown += row.hidden ? 0 : 1;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("tbody[data-severity]:not([hidden])");
    }
    told.value = `${shown} of ${rows.length} requirements shown`;
    none.hidden = shown > 0;
  };

  // Filters are kept in the address after #, so that a view can be linked to and printed again.
  const remember = () => {
    const chosen = new URLSearchParams();
    for (const name of names) if (fields[name].value) chosen.set(name, fields[name].value);
    const hash = chosen.toString();
    history.replaceState(null, "", hash ? `#${hash}` : "#");
  };

  const show = (row) => {
    if (row.hidden) form.reset();
    apply();
    row.querySelector("details").open = true;
    row.scrollIntoView();
  };

  const recall = () => {
    const hash = location.hash.slice(1);
    const row = rows.find((one) => one.id === hash);
    if (row) return show(row);
    const chosen = new URLSearchParams(hash.includes("=") ? hash : "");
    if (![...chosen.keys()].length) return apply();
    for (const name of names) fields[name].value = chosen.get(name) ?? "";
    apply();
  };

  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("all").addEventListener("click", () => { form.reset(); apply(); remember(); });
  window.addEventListener("hashchange", recall);

  const fold = (open) => () => {
    for (const row of rows) if (!row.hidden) row.querySelector("details").open = open;
  };
  document.getElementById("open").addEventListener("click", fold(true));
  document.getElementById("close").addEventListener("click", fold(false));

  form.hidden = false;
  document.getElementById("status").hidden = false;
  recall();
})();
