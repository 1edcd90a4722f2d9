// How large a millimeter is on this screen: measured once with a bank card, and kept in the browser.

const KEY = "printscp.screen";
const CARD_MM = 85.6; // ISO/IEC 7810 ID-1

/** CSS pixels a millimeter as measured; null where nobody has. */
export function measured() {
  const kept = Number(localStorage.getItem(KEY)); // pixels of the screen: the same at any zoom of the browser
  return kept > 0 ? kept / window.devicePixelRatio : null;
}

/** CSS pixels a millimeter, by the browser's own idea of them where nobody measured. */
export const pixelsPerMillimeter = () => measured() ?? 96 / 25.4;

/** Ask with a dialog for the size of a card on the screen; true when it was told. */
export function calibrate(dialog) {
  const slider = dialog.querySelector("input[type=range]");
  const card = dialog.querySelector("[data-card]");
  const sized = () => {
    card.style.width = `${slider.value}px`;
    card.style.height = `${(slider.value * 53.98) / CARD_MM}px`;
  };
  slider.value = Math.round(pixelsPerMillimeter() * CARD_MM);
  slider.oninput = sized;
  sized();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      const told = dialog.returnValue === "keep";
      if (told) localStorage.setItem(KEY, String((slider.value / CARD_MM) * window.devicePixelRatio));
      resolve(told);
    };
    dialog.returnValue = "";
    dialog.showModal();
  });
}
