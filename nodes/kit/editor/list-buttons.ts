/** A button that adds an entry to a list in a dialog, which is drawn again then. */
export function addButton(label: string, act: () => void, draw: () => void): JQuery {
  const button = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' });
  button.append($('<i>', { class: 'fa fa-plus' }), ' ', $('<span>').text(label));
  return button.on('click', () => {
    act();
    draw();
  });
}

/** A button that removes an entry of a list in a dialog, which is drawn again then. */
export function removeButton(label: string, act: () => void, draw: () => void): JQuery {
  const button = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small', 'aria-label': label });
  return button.append($('<i>', { class: 'fa fa-times' })).on('click', () => {
    act();
    draw();
  });
}
