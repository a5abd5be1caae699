import { isDeepStrictEqual } from 'node:util';
import { entries, type TmfRecord, type Version } from './tmf-record.js';

export interface OrderEvent {
  eventType: string;
  payload: TmfRecord;
}

/**
 * What subscribers are told of a change of an order: one event, for the state where that changed, else `otherwise`. v4 tells the whole
 * order, v5 by which it is known and the attributes that changed, of items those that changed. Undefined: nothing changed.
 */
export function changeEvent(
  version: Version,
  before: TmfRecord,
  order: TmfRecord,
  otherwise = 'ProductOrderAttributeValueChangeEvent',
): OrderEvent | undefined {
  const names = Object.keys({ ...before, ...order }).filter((name) => !isDeepStrictEqual(before[name], order[name]));
  if (names.length === 0) return undefined;
  const eventType = names.includes('state') ? 'ProductOrderStateChangeEvent' : otherwise;
  return { eventType, payload: { productOrder: version === 'v4' ? order : { ...known(order), ...delta(before, order, names) } } };
}

export function deleteEvent(version: Version, order: TmfRecord): OrderEvent {
  return { eventType: 'ProductOrderDeleteEvent', payload: { productOrder: version === 'v4' ? order : known(order) } };
}

/** v4 says what is asked for in `fieldPath` beside the resource, v5 in `informationRequired` beside a reference. */
export function informationRequired(
  version: Version,
  type: 'ProductOrder' | 'CancelProductOrder',
  resource: TmfRecord,
  path: string,
): OrderEvent & { more?: TmfRecord } {
  const eventType = `${type}InformationRequiredEvent`;
  const name = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
  if (version === 'v4') return { eventType, payload: { [name]: resource }, more: { fieldPath: path } };
  const { id, href } = resource;
  const ref = { '@type': `${type}Ref`, id, href, '@referredType': type };
  return { eventType, payload: { [name]: ref, informationRequired: { op: 'add', path } } };
}

function known({ id, href }: TmfRecord): TmfRecord {
  return { '@type': 'ProductOrder', id, href };
}

function delta(before: TmfRecord, order: TmfRecord, names: string[]): TmfRecord {
  const changed = Object.fromEntries(names.filter((name) => name in order).map((name) => [name, order[name]]));
  if (!changed.productOrderItem) return changed;
  const old = new Map(entries(before.productOrderItem).map((item) => [item.id, item]));
  const items = entries(changed.productOrderItem).filter((item) => !isDeepStrictEqual(item, old.get(item.id)));
  return { ...changed, productOrderItem: items };
}
