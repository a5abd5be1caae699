import type { System } from '../system.js';
import { capabilities, clientOptions, TMF_SYSTEM, versionAndProfile, versionAndProfileOf } from '../tmf/system.js';
import { unwrapRecord } from '../unwrap.js';
import { createTmf622Client } from './client.js';
import { type CancelBy, dialectOf } from './dialect.js';
import { FIELDS } from './fields.js';
import { tmf622 as form } from './form.js';
import { PRESETS } from './presets.js';
import { validateOrderCreate } from './schema.js';

/** TMF622 Product Ordering Management, v4 and v5. */
export const tmf622: System = {
  ...form,
  ...TMF_SYSTEM,
  createClient: (options) => {
    const { wholeItems, cancelBy } = options.settings;
    const by = cancelBy ? { cancelBy: cancelBy as CancelBy } : {};
    return createTmf622Client({ ...clientOptions(options), wholeItems: wholeItems === true, ...by });
  },
  capabilities: (settings) => capabilities(dialectOf(...versionAndProfile(settings)), false, true),
  presets: PRESETS,
  catalog: (_entityType, dialect = 'v4') => FIELDS[dialect] ?? { fields: [] },
  notation: (dialect) => ({ time: (iso) => iso, typed: dialect === 'v5' }),
  validate: (_entityType, body, dialect) => validateOrderCreate(...versionAndProfileOf(dialect), body),
  unwrap: (pasted) => unwrapRecord(pasted, ['event', 'order', 'productOrder']),
  kindOf: () => 'order',
  raw: { field: 'order', identify: (id) => ({ id }) },
  help: 'docs/tmf622.md',
};
