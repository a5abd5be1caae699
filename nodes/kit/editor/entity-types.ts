import { entityTypesOf } from './endpoints.js';
import { field, type Prefix } from './fields.js';

/** Fills the select of record types from the selected endpoint, and updates it when the endpoint changes. */
export function entityTypeSelect(prefix: Prefix, current: string): void {
  const endpoint = field(prefix, 'endpoint');
  const select = field(prefix, 'entityType');
  const fill = () => {
    const keep = String(select.val() ?? '') || current;
    const types = entityTypesOf(String(endpoint.val() ?? ''));
    // A type that the endpoint no longer has stays visible, so that saving does not silently change it.
    if (keep && !types.includes(keep) && (types.length === 0 || keep === current)) types.unshift(keep);
    select.empty();
    for (const type of types) select.append($('<option>').val(type).text(type));
    select.val(types.includes(keep) ? keep : (types[0] ?? ''));
    select.trigger('change');
  };
  endpoint.on('change', fill);
  fill();
}
