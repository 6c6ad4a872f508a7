"use strict";
(() => {
  const tip = document.getElementById("tip");

  // The figure that the address leads to is outlined.
  const mark = () => {
    const id = location.hash.slice(1).split("&").find((p) => p && !p.startsWith("lang="));
    const target = id && document.getElementById(decodeURIComponent(id));
    for (const e of document.querySelectorAll(".here")) e.classList.remove("here");
    if (target && target.matches("figure, section.meter")) target.classList.add("here");
  };
  addEventListener("hashchange", mark);
  mark();

  // A balance plot is one unit wide per day: the date under the pointer is read off its scale.
  const read = (event) => {
    const svg = event.target instanceof Element && event.target.closest("svg[data-start]");
    if (!svg || event.target.closest("svg [data-zh]")) return;
    const box = svg.getBoundingClientRect();
    const day = Math.floor((event.clientX - box.left) / box.width * Number(svg.dataset.days));
    const date = new Date(Date.parse(svg.dataset.start) + 864e5 * day);
    tip.textContent = date.toISOString().slice(0, 10);
    tip.hidden = false;
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = event.clientY + 18 + "px";
  };
  addEventListener("pointermove", read);

  // Orders: find a meter, keep one kind or one district.
  const list = document.getElementById("orders");
  if (list) {
    const find = document.getElementById("find");
    const kind = document.getElementById("kind");
    const district = document.getElementById("district");
    const shown = document.getElementById("shown");
    const rows = [...list.tBodies[0].rows].map((row) => {
      const cell = row.querySelector("[data-k]");
      return { row, text: row.textContent.toLowerCase(), kind: cell.dataset.k, district: cell.dataset.d };
    });
    const filter = () => {
      const words = find.value.trim().toLowerCase();
      let left = 0;
      for (const r of rows) {
        const keep = (!kind.value || r.kind === kind.value) && (!district.value || r.district === district.value)
          && r.text.includes(words);
        r.row.hidden = !keep;
        left += keep;
      }
      shown.textContent = left;
    };
    document.getElementById("filters").hidden = false;
    for (const e of [find, kind, district]) e.addEventListener("input", filter);
  }
})();
