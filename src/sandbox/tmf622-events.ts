import { isDeepStrictEqual } from 'node:util';
import { entries, type TmfRecord, type Version } from './tmf-record.js';

export interface OrderEvent {
  eventType: string;
  payload: TmfRecord;
}

/**
 * The event for a change of an order: a state change event if the state changed, otherwise `otherwise`. In v4 it contains the
 * whole order, in v5 its identification, the changed attributes and the changed items. Undefined: nothing changed.
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
  return {
    eventType,
    payload: { productOrder: version === 'v4' ? order : { ...reference(order), ...delta(before, order, names) } },
  };
}

export function deleteEvent(version: Version, order: TmfRecord): OrderEvent {
  return { eventType: 'ProductOrderDeleteEvent', payload: { productOrder: version === 'v4' ? order : reference(order) } };
}

/** v4 names the required field in `fieldPath` next to the resource, v5 in `informationRequired` next to a reference. */
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

function reference({ id, href }: TmfRecord): TmfRecord {
  return { '@type': 'ProductOrder', id, href };
}

function delta(before: TmfRecord, order: TmfRecord, names: string[]): TmfRecord {
  const changed = Object.fromEntries(names.filter((name) => name in order).map((name) => [name, order[name]]));
  if (!changed.productOrderItem) return changed;
  const old = new Map(entries(before.productOrderItem).map((item) => [item.id, item]));
  const items = entries(changed.productOrderItem).filter((item) => !isDeepStrictEqual(item, old.get(item.id)));
  return { ...changed, productOrderItem: items };
}
