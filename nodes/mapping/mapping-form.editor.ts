import type { Mapping } from '../../src/mapping/mapping.js';
import { jsonTab } from './json-tab.editor.js';
import type { MappingConfig } from './mapping.config.js';
import { presetSelect } from './presets.editor.js';
import { ruleList } from './rule-list.editor.js';

export interface MappingForm {
  /** Ends the code editor and gives the mapping as it stands; undefined when there is none. */
  close(): Mapping | undefined;
}

/** The dialog edits a copy: what is not saved must not be seen by anyone. */
export function mappingForm(node: EditorNode<MappingConfig>): MappingForm {
  let mapping: Mapping | undefined = node.mapping ? structuredClone(node.mapping) : undefined;
  /** Empty until the first tab is drawn: before that there is nothing to take over from the fields. */
  let shown = '';
  const rules = ruleList(node._);
  const json = jsonTab(node._);
  const internal = $('#switchboard-mapping-internal');

  const tabs = RED.tabs.create({
    id: 'switchboard-mapping-tabs',
    onchange(tab) {
      collect();
      shown = tab.id;
      for (const id of ['switchboard-mapping-rules', 'switchboard-mapping-json']) $(`#${id}`).toggle(id === shown);
      show();
    },
  });
  tabs.addTab({ id: 'switchboard-mapping-rules', label: node._('tab.rules') });
  tabs.addTab({ id: 'switchboard-mapping-json', label: node._('tab.json') });
  presetSelect(node, (preset) => {
    mapping = preset;
    show();
  });
  show();

  /** Takes what was typed into the working copy. */
  function collect(): void {
    if (shown === 'switchboard-mapping-json') {
      mapping = json.read() ?? mapping;
    } else if (shown && mapping) {
      const chosen = internal.val() as NonNullable<Mapping['internalComments']>;
      mapping = { ...mapping, rules: rules.read() };
      // What is not said means the same, and stays unsaid: opening a dialog must not change a flow.
      if (chosen !== (mapping.internalComments ?? 'drop')) mapping.internalComments = chosen;
    }
  }

  function show(): void {
    $('#switchboard-mapping-body').toggle(mapping !== undefined);
    $('#switchboard-mapping-about').text(mapping ? about(mapping) : node._('dialog.none'));
    if (!mapping) return;
    internal.val(mapping.internalComments ?? 'drop');
    if (shown === 'switchboard-mapping-json') json.show(mapping);
    else rules.show(mapping.rules);
  }

  return {
    close() {
      collect();
      json.close();
      return mapping;
    },
  };
}

function about(mapping: Mapping): string {
  return [mapping.system, mapping.version, mapping.entityType].filter(Boolean).join(' · ');
}
