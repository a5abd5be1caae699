import type { Mapping } from '../../src/mapping/mapping.js';
import type { MappingConfig } from './mapping.config.js';

interface Preset {
  name: string;
}

/** The shipped mappings to start from. Loading one replaces the rules, so it asks first when there are any. */
export function presetSelect(node: EditorNode<MappingConfig>, load: (mapping: Mapping) => void): void {
  const select = $('#node-config-input-preset');
  const button = $('#switchboard-mapping-load');
  let hasRules = Boolean(node.mapping);

  select.append(
    $('<option>')
      .val(node.preset ?? '')
      .text(node.preset || node._('dialog.choosePreset')),
  );
  $.getJSON('switchboard/presets')
    .done((presets: Preset[]) => {
      select.empty().append($('<option>').val('').text(node._('dialog.choosePreset')));
      for (const preset of presets) select.append($('<option>').val(preset.name).text(preset.name));
      select.val(node.preset ?? '');
    })
    .fail(() => RED.notify(node._('dialog.noPresets'), 'error'));

  button.on('click', (event) => {
    event.preventDefault();
    const name = String(select.val() ?? '');
    if (!name || (hasRules && !window.confirm(node._('dialog.confirmPreset')))) return;
    $.getJSON(`switchboard/presets/${encodeURIComponent(name)}`)
      .done((mapping: Mapping) => {
        hasRules = true;
        load(mapping);
      })
      .fail(() => RED.notify(node._('dialog.noPresets'), 'error'));
  });
}
