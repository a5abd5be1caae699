import { SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import { say } from '../text/say.js';

/**
 * Paths into a partner's record:
 * - `requester.name`: a property of a property
 * - `relatedParty[role=requester].id`: of the list element whose properties have these values; a write adds the element if it is missing
 * - `entity{@type=EntityRef}.id`: an object; the values in braces are written with it and ignored when reading
 * In brackets, values of names that begin with `@` are written but not compared, because partners differ in them.
 */
interface Step {
  name: string;
  /** The element of a list with these properties. */
  element?: Record<string, string>;
  /** Properties that are written together with the object. */
  along: Record<string, string>;
}

export interface Path {
  text: string;
  /** Top-level name. */
  top: string;
  steps: Step[];
}

type Tree = { [key: string]: Json | undefined };

const STEP = /^([^.[\]{}]+)((?:\[[^\]]*\]|\{[^}]*\})*)(?:\.|$)/;

export function parsePath(text: string): Path {
  const steps: Step[] = [];
  let rest = text;
  while (rest) {
    const found = STEP.exec(rest);
    if (!found?.[1])
      throw new SwitchboardError('SWB_CONFIG', say`"${text}" is not a valid field path.`, {
        field: text,
        hint: say`Write names separated by dots: relatedParty[role=requester].name`,
      });
    // It would write to the prototype of all objects.
    if (found[1] === '__proto__')
      throw new SwitchboardError('SWB_CONFIG', say`"${text}" is not a field of a record.`, { field: text });
    const step: Step = { name: found[1], along: {} };
    for (const [, kind, inner = ''] of (found[2] ?? '').matchAll(/([[{])([^\]}]*)[\]}]/g)) {
      const pairs = Object.fromEntries(
        inner.split(',').map((pair) => pair.split('=', 2).map((part) => part.trim())) as [string, string][],
      );
      if (kind === '[') step.element = pairs;
      else step.along = pairs;
    }
    steps.push(step);
    rest = rest.slice(found[0].length);
  }
  const top = steps[0]?.name;
  if (!top) throw new SwitchboardError('SWB_CONFIG', say`A path is empty.`, { hint: say`Enter the name of a field.` });
  return { text, top, steps };
}

/** The value at a path; undefined where there is none. */
export function read(record: Tree, path: Path): Json | undefined {
  let here: Json | undefined = record as Json;
  for (const step of path.steps) {
    if (typeof here !== 'object' || here === null || Array.isArray(here)) return undefined;
    here = Object.hasOwn(here, step.name) ? here[step.name] : undefined;
    if (step.element) here = Array.isArray(here) ? here.find((e) => isElement(e, step.element ?? {})) : undefined;
  }
  return here;
}

/** Writes a value at a path, and creates the objects around it. */
export function write(record: Tree, path: Path, value: Json): void {
  let here: Tree = record;
  path.steps.forEach((step, index) => {
    const last = index === path.steps.length - 1;
    if (step.element) {
      let list = here[step.name];
      if (!Array.isArray(list)) {
        list = [];
        here[step.name] = list;
      }
      let element = list.find((e) => isElement(e, step.element ?? {}));
      if (!element) {
        element = { ...step.element };
        list.push(element);
      }
      here = element as Tree;
    } else if (last) here[step.name] = value;
    else {
      const next = here[step.name];
      if (typeof next !== 'object' || next === null || Array.isArray(next)) here[step.name] = { ...step.along };
      here = here[step.name] as Tree;
    }
  });
}

/** Whether a path names only properties, no elements of lists. */
export function isPlain({ steps }: Path): boolean {
  return steps.every(({ element }) => !element);
}

/** Where the element with the properties that a path names is in a list; -1 if there is none. */
export function elementIndex(list: Json[], wanted: Record<string, string>): number {
  return list.findIndex((element) => isElement(element, wanted));
}

/** Whether a list element has the properties that a path names. */
export function isElement(element: Json, wanted: Record<string, string>): boolean {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return false;
  // Not by entries: every rule looks through its list, which may be long.
  for (const name in wanted) if (!name.startsWith('@') && element[name] !== wanted[name]) return false;
  return true;
}
