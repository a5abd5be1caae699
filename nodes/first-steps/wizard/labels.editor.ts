/** Fills in the labels as the editor does in the dialogs of nodes: `key`, or `[attribute]key`. */
export function translateLabels(box: JQuery, translate: Translate): JQuery {
  box.find('[data-i18n]').each((_, element) => {
    const [, attribute, key = ''] = /^(?:\[(\w+)\])?(.+)$/.exec(element.getAttribute('data-i18n') ?? '') ?? [];
    if (attribute) element.setAttribute(attribute, translate(key));
    else element.textContent = translate(key);
  });
  return box;
}

/** Names of the tab and of the comment of a flow: its customers on the one side, everybody else on the other. */
export function flowTexts(
  parties: readonly { name: string; isCustomer: boolean }[],
  isRouted: boolean,
  translate: Translate,
): { label: string; comment: string } {
  const namesOf = (side: boolean) =>
    parties
      .filter(({ isCustomer }) => isCustomer === side)
      .map(({ name }) => name)
      .join(', ');
  const names = { customers: namesOf(true), others: namesOf(false) };
  return {
    label: translate('wizard.tab', names),
    comment: translate(isRouted ? 'wizard.commentRouted' : 'wizard.comment', names),
  };
}
