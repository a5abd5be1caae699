import type { Json } from '../model/message.js';
import type { Mapping, Rule } from './mapping.js';

type Shape = Exclude<NonNullable<Rule['type']>, 'time' | 'text' | 'number'>;
type Tree = { [key: string]: Json };

/** Lists that partners keep in another shape than the generic model: how they are read and written. */
const SHAPES: Record<Shape, { in: (value: Json) => Json; out: (value: Json, mapping: Mapping) => Json }> = {
  characteristics: {
    in: (value) => {
      if (!Array.isArray(value)) return value;
      return Object.fromEntries(
        value
          .filter(isTree)
          .flatMap(({ name, value: given }) => (typeof name === 'string' && given !== undefined ? [[name, given]] : [])),
      );
    },
    out: (value, { version }) =>
      Object.entries(isTree(value) ? value : {}).map(([name, given]) => ({
        ...(version === 'v5' && { '@type': characteristicType(given) }),
        name,
        value: given,
      })),
  },
  itemRelations: {
    in: (value) =>
      Array.isArray(value)
        ? value.filter(isTree).flatMap(({ id, relationshipType }) => (RELIES.test(String(relationshipType)) ? [String(id)] : []))
        : [],
    out: (value, { version }) =>
      (Array.isArray(value) ? value : []).map((id) => ({
        ...(version === 'v5' && { '@type': 'OrderItemRelationship' }),
        id,
        relationshipType: 'reliesOn',
      })),
  },
};

/** Relations by which one item waits for another (TMF622, OrderItemRelationship: known values). */
const RELIES = /^(reliesOn|requires|dependsOn)$/i;

export function shapeIn(shape: Shape, value: Json): Json {
  return SHAPES[shape].in(value);
}

export function shapeOut(shape: Shape, value: Json, mapping: Mapping): Json {
  return SHAPES[shape].out(value, mapping);
}

/** The class a value has in v5 (TMF622 v5, Characteristic: told apart by @type). */
function characteristicType(value: Json): string {
  if (Array.isArray(value)) return `${scalarType(value[0])}ArrayCharacteristic`;
  return `${scalarType(value)}Characteristic`;
}

function scalarType(value: Json | undefined): string {
  if (typeof value === 'number') return 'Number';
  if (typeof value === 'boolean') return 'Boolean';
  return isTree(value) ? 'Object' : 'String';
}

function isTree(value: Json | undefined): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
