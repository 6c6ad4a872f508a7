"use strict";
(() => {
  const root = document.documentElement;
  const tip = document.getElementById("tip");
  const english = () => root.lang === "en";

  // Language: what the address says (#lang=en), so that a link keeps it and nothing is stored.
  const speak = (lang) => {
    root.lang = lang === "en" ? "en" : "zh-CN";
    document.title = root.dataset[english() ? "titleEn" : "titleZh"];
    for (const e of document.querySelectorAll("[data-zh]")) {
      const text = english() ? e.dataset.en : e.dataset.zh;
      e.setAttribute(e.tagName === "INPUT" ? "placeholder" : "aria-label", text);
      if (e.tagName === "INPUT") e.setAttribute("aria-label", text);
      if (e.tagName === "OPTION") e.textContent = text;
    }
    for (const a of document.querySelectorAll("a[data-keep-language]")) {
      const [path, hash = ""] = a.getAttribute("href").split("#");
      const rest = hash.split("&").filter((p) => p && !p.startsWith("lang="));
      if (english()) rest.push("lang=en");
      a.setAttribute("href", path + (rest.length ? "#" + rest.join("&") : ""));
    }
  };
  const parts = () => location.hash.slice(1).split("&");
  const fromAddress = () => {
    const lang = parts().find((p) => p.startsWith("lang="));
    speak(lang ? lang.slice(5) : root.lang);
    const id = parts().find((p) => p && !p.startsWith("lang="));
    const target = id && document.getElementById(decodeURIComponent(id));
    if (target && lang) target.scrollIntoView();
  };
  const button = document.getElementById("language");
  button.hidden = false;
  button.addEventListener("click", () => speak(english() ? "zh" : "en"));
  addEventListener("hashchange", fromAddress);

  // Every mark that has words for it shows them under the pointer and under the keyboard's focus.
  const show = (e, x, y) => {
    tip.textContent = english() ? e.dataset.en : e.dataset.zh;
    tip.hidden = false;
    const w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - w - 8)) + "px";
    tip.style.top = (y + 18 + h > innerHeight ? y - h - 12 : y + 18) + "px";
  };
  const hide = () => { tip.hidden = true; };
  const told = (node) => node instanceof Element ? node.closest("svg [data-zh]") : null;
  addEventListener("pointermove", (event) => {
    const e = told(event.target);
    if (e) show(e, event.clientX, event.clientY);
    else hide();
  });
  addEventListener("focusin", (event) => {
    const e = told(event.target);
    if (!e) return hide();
    const box = e.getBoundingClientRect();
    show(e, box.left, box.bottom - 12);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", hide, { passive: true });

  // On paper nothing is folded away.
  addEventListener("beforeprint", () => { for (const e of document.querySelectorAll("details")) e.open = true; });
  fromAddress();
})();
