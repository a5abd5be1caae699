import type { Json } from '../model/message.js';
import type { Trace } from './mapping.js';
import { elementIndex, parsePath } from './paths.js';
import type { Mark } from './preview-result.js';

/** The places in a result that a trace covers. `list`: the partner's list of items, where the result is a payload. */
export function marksOf(result: Record<string, Json>, trace: Trace, list: string | undefined): Record<string, Mark> {
  const marks: Record<string, Mark> = {};
  const positions = positionsOf(result, list);
  for (const [target, { rule, source, kind, row }] of Object.entries(trace)) {
    const item = /^([^.[]+)\[(.*?)\]\.(.+)$/s.exec(target);
    const [, top = '', id = '', rest = ''] = item ?? [];
    const isItem = item !== null && (list ? top === list : top === 'items' || top === 'progress');
    const base = isItem ? itemAt(result, top, positions(top, id)) : undefined;
    const at = isItem ? base && placeOf(base.value, rest, base.at) : placeOf(result, target, []);
    const mark: Mark = { table: isItem ? 'items' : 'order', rule, source, kind, ...(row !== undefined && { row }) };
    if (at) marks[at.join('/')] = mark;
  }
  return marks;
}

/** Where an item is in its list, by its id; in a payload, whose id field may have any name, in the order in which the ids appeared. */
function positionsOf(result: Record<string, Json>, list: string | undefined): (top: string, id: string) => number | undefined {
  const appeared = new Map<string, number>();
  if (list !== undefined)
    return (_top, id) => {
      if (!appeared.has(id)) appeared.set(id, appeared.size);
      return appeared.get(id);
    };
  const lists = new Map<string, Map<unknown, number>>();
  return (top, id) => {
    let known = lists.get(top);
    if (!known) {
      const elements = Array.isArray(result[top]) ? (result[top] as Json[]) : [];
      // The first of several with one id.
      known = new Map(elements.map((one, at) => [isTree(one) ? one.id : undefined, at] as const).reverse());
      lists.set(top, known);
    }
    return known.get(id);
  };
}

function itemAt(result: Record<string, Json>, top: string, index = -1): { value: Json; at: string[] } | undefined {
  const list = result[top];
  const value = Array.isArray(list) ? list[index] : undefined;
  return value === undefined ? undefined : { value, at: [top, String(index)] };
}

function placeOf(tree: Json, path: string, before: string[]): string[] | undefined {
  const at = [...before];
  let here: Json | undefined = tree;
  for (const { name, element } of parsePath(path).steps) {
    here = isTree(here) ? here[name] : undefined;
    at.push(name);
    if (!element) continue;
    if (!Array.isArray(here)) return undefined;
    const index = elementIndex(here, element);
    here = here[index];
    at.push(String(index));
  }
  return here === undefined ? undefined : at;
}

function isTree(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
