import type { Mapping } from '../../src/mapping/mapping.js';
import { type Designer, designer } from './designer/designer.editor.js';
import { finished, unfinished } from './designer/document.js';
import { jsonTab } from './json-tab.editor.js';
import type { MappingConfig } from './mapping.config.js';
import { presetSelect } from './presets.editor.js';
import { ruleLabel } from './rule-label.editor.js';

export interface MappingForm {
  /** The mapping as it is saved; undefined when there is none. Notifies the user of rules that are left out. */
  read(): Mapping | undefined;
  /** Closes the editors. */
  close(): void;
}

const TABS = {
  order: 'switchboard-mapping-order',
  items: 'switchboard-mapping-items',
  json: 'switchboard-mapping-json',
} as const;

/** The dialog edits a copy, so that unsaved changes are not visible anywhere else. */
export function mappingForm(node: EditorNode<MappingConfig>): MappingForm {
  const t = node._;
  const internal = $('#switchboard-mapping-internal');
  const place = $('#switchboard-mapping-designer');
  const json = jsonTab(t);
  let open: Designer | undefined;
  let inJson: Mapping | undefined;
  let shown: string = TABS.order;

  const tabs = RED.tabs.create({ id: 'switchboard-mapping-tabs', onchange: ({ id }) => showTab(id) });
  tabs.addTab({ id: TABS.order, label: t('tab.rules') });
  tabs.addTab({ id: TABS.json, label: t('tab.json') });
  internal.on('change', () => {
    if (!open) return;
    const chosen = internal.val() as NonNullable<Mapping['internalComments']>;
    // Apply the typed JSON first, because applying it later would undo this change.
    if (shown === TABS.json && !applyJson()) return refresh();
    const { internalComments: _, ...rest } = open.session.mapping;
    // The default is left out of the mapping.
    open.session.editMapping({ ...rest, ...(chosen !== 'drop' && { internalComments: chosen }) });
  });
  presetSelect(node, (preset) => {
    if (open) open.session.editMapping(preset, 'order');
    else openDesigner(preset);
  });
  const parts = $('#switchboard-mapping-body, #switchboard-mapping-notes');
  parts.hide();
  if (node.mapping) openDesigner(structuredClone(node.mapping));

  function openDesigner(mapping: Mapping): void {
    parts.show();
    $('#switchboard-mapping-none').hide();
    open = designer(node.id, mapping, t);
    place.empty().append(open.element);
    open.session.on((reason) => reason === 'all' && refresh());
    refresh();
    RED.tray.resize();
  }

  /** Updates what is shown outside the designer, and may be undone in it. */
  function refresh(): void {
    const { mapping, table } = open?.session.state ?? {};
    if (!mapping) return;
    internal.val(mapping.internalComments ?? 'drop');
    showItems(mapping.items !== undefined || /order/i.test(mapping.entityType));
    if (shown === TABS.json) {
      // Keep what the user is typing there.
      if (mapping !== inJson) showJson(mapping);
    } else if (table && TABS[table] !== shown) tabs.activateTab(TABS[table]);
  }

  /** Only orders have items. */
  function showItems(wanted: boolean): void {
    tabs.renameTab(TABS.order, t(wanted ? 'tab.order' : 'tab.rules'));
    if (wanted === tabs.contains(TABS.items)) return;
    if (wanted) tabs.addTab({ id: TABS.items, label: t('tab.items') }, 1);
    else tabs.removeTab(TABS.items);
  }

  function showTab(id: string): void {
    if (shown === TABS.json) {
      if (id === TABS.json) return;
      // Invalid JSON stays on screen to be corrected.
      if (!applyJson()) {
        tabs.activateTab(TABS.json);
        return;
      }
    }
    shown = id;
    place.toggle(id !== TABS.json);
    $('#switchboard-mapping-json').toggle(id === TABS.json);
    if (!open) return;
    if (id === TABS.json) showJson(open.session.mapping);
    else {
      const table = id === TABS.items ? 'items' : 'order';
      if (open.session.state.table !== table) open.session.show(table);
    }
  }

  /** Shows all that is in the designer, finished or not. */
  function showJson(mapping: Mapping): void {
    inJson = mapping;
    json.show(mapping);
  }

  /** False when the typed text is not a mapping. */
  function applyJson(): boolean {
    if (!open) return true;
    const typed = json.read();
    if (typed && JSON.stringify(typed) !== JSON.stringify(open.session.mapping)) open.session.editMapping(typed);
    return typed !== undefined;
  }

  return {
    read() {
      if (shown === TABS.json) applyJson();
      if (!open) return undefined;
      const { mapping } = open.session;
      const rules = unfinished(mapping).map((place) => ruleLabel(place, t));
      if (rules.length) RED.notify($('<p>').text(t('dialog.unfinished', { rules: rules.join(', ') })), 'warning');
      return finished(mapping);
    },
    close() {
      json.close();
      open?.close();
    },
  };
}
