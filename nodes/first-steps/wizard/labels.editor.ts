/** Fills in the labels as the editor does in the dialogs of nodes: `key`, or `[attribute]key`. */
export function translateLabels(box: JQuery, translate: Translate): JQuery {
  box.find('[data-i18n]').each((_, element) => {
    const [, attribute, key = ''] = /^(?:\[(\w+)\])?(.+)$/.exec(element.getAttribute('data-i18n') ?? '') ?? [];
    if (attribute) element.setAttribute(attribute, translate(key));
    else element.textContent = translate(key);
  });
  return box;
}
