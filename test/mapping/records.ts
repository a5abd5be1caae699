import { presets } from '../../src/endpoints/registry.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import type { Json } from '../../src/model/message.js';

/** The presets of ServiceNow's entity types. */
export const serviceNowPresets = presets().filter((p) => p.system === 'servicenow');

const FULL: Record<string, Json> = {
  sys_id: '0c5f3cece1b12010f877971dea0b1449',
  number: 'INC0010001',
  short_description: 'No dial tone in Ghent',
  description: 'Since this morning.\nBoth lines.',
  impact: '2',
  urgency: '1',
  priority: '2',
  contact_type: 'phone',
  category: 'network',
  caller_id: '62826bf03710200044e0bfc8bcbe5df1',
  requested_by: '62826bf03710200044e0bfc8bcbe5df1',
  requested_for: '62826bf03710200044e0bfc8bcbe5df1',
  opened_by: '62826bf03710200044e0bfc8bcbe5df1',
  contact: '62826bf03710200044e0bfc8bcbe5df1',
  business_service: '27d32778c0a8000b00db970eeaa60f16',
  cmdb_ci: '109562a3c611227500a7b7ff98cc0dc7',
  assigned_to: '5137153cc611227c000bbd1bd8cd2005',
  assignment_group: '8a4dde73c6112278017a6a4baf547aa7',
  sys_created_on: '2026-03-01 08:00:00',
  due_date: '2026-03-04 17:00:00',
  on_hold: 'false',
  on_hold_reason: 'Waiting for parts',
  close_code: 'Solution provided',
  close_notes: 'Card replaced',
  resolution_code: 'fix_applied',
};

/** A record in each state that a preset knows: with everything that people may fill in, and a minimal one. */
export function recordsOf(mapping: Mapping): { title: string; record: Record<string, Json> }[] {
  const rule = mapping.rules.find((r) => r.generic === 'state' && r.values);
  const columns = [rule?.field ?? 'state'].flat();
  const rows = (rule?.values ?? []).filter((row) => row.direction !== 'out');
  return rows.flatMap((row) => {
    const state = Object.fromEntries(columns.map((column, i) => [column, [row.partner].flat()[i] ?? '']));
    for (const [column, value] of Object.entries(state)) if (value === '*') state[column] = '';
    const title = `${mapping.name}, ${Object.values(state).filter(Boolean).join(' / ')}`;
    return [
      { title: `${title}, full`, record: { ...FULL, ...state } },
      { title: `${title}, least`, record: { sys_id: FULL.sys_id!, number: FULL.number!, short_description: 'x', ...state } },
    ];
  });
}
