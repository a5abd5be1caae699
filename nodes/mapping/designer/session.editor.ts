import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Mapping, Rule } from '../../../src/mapping/mapping.js';
import type { RuleRef, Table } from '../../../src/mapping/preview-result.js';
import type { FieldLists } from './answers.js';
import type { Api } from './api.editor.js';
import { joinedRule, rulesOf, withInserted, withMoved, withReplaced, withRules } from './document.js';
import { History } from './history.js';

/** What is being edited, and the selection in it. */
export interface State {
  mapping: Mapping;
  table: Table;
  /** Indexes of the selected rules; the panel shows the last one. */
  selected: number[];
}

type Reason = 'rules' | 'selection' | 'all';
type Listener = (reason: Reason, from: unknown) => void;

const NO_LISTS: FieldLists = { partner: [], generic: [], genericItems: [], lists: [] };

/** One mapping while its dialog is open: its undo history, and the listeners to its changes. */
export class Session {
  lists: FieldLists = NO_LISTS;
  private readonly history: History<State>;
  private readonly listeners: Listener[] = [];

  constructor(
    mapping: Mapping,
    readonly t: Translate,
    readonly api: Api,
  ) {
    this.history = new History<State>({ mapping, table: 'order', selected: [] });
  }

  get state(): State {
    return this.history.state;
  }

  get mapping(): Mapping {
    return this.state.mapping;
  }

  get rules(): Rule[] {
    return rulesOf(this.mapping, this.state.table);
  }

  /** The rule that the panel shows. */
  get current(): { index: number; rule: Rule } | undefined {
    const index = this.state.selected.at(-1);
    const rule = index === undefined ? undefined : this.rules[index];
    return rule && index !== undefined ? { index, rule } : undefined;
  }

  get can(): { undo: boolean; redo: boolean } {
    return { undo: this.history.canUndo, redo: this.history.canRedo };
  }

  /** The records that are translated; another preset or an import may change them. */
  get subject(): string {
    const { system, entityType, version } = this.mapping;
    return [system, version, entityType].filter(Boolean).join(' ');
  }

  /** The known fields of the table that is shown. */
  get partner(): CatalogField[] {
    return this.state.table === 'items' ? (this.lists.items?.partner ?? []) : this.lists.partner;
  }

  get generic(): CatalogField[] {
    return this.state.table === 'items' ? this.lists.genericItems : this.lists.generic;
  }

  on(listener: Listener): void {
    this.listeners.push(listener);
  }

  notify(reason: Reason, from?: unknown): void {
    for (const listener of this.listeners) listener(reason, from);
  }

  /** Replaces the rules, as a step that can be undone. `mark`: see History. `from`: the part that already shows the change. */
  edit(
    rules: Rule[],
    { selected = this.state.selected, mark, from }: { selected?: number[]; mark?: string; from?: unknown } = {},
  ) {
    const { mapping, table } = this.state;
    this.history.push({ mapping: withRules(mapping, table, rules), table, selected }, mark);
    this.notify('rules', from);
  }

  editMapping(mapping: Mapping, table = this.state.table): void {
    this.history.push({ mapping, table, selected: [] });
    this.notify('all');
  }

  /** Changes the current version of a rule. Changes `from` a part that already shows them are one step until it is sealed. */
  editRule(index: number, change: (rule: Rule) => Rule, from?: unknown): void {
    const rule = this.rules[index];
    const changed = rule && change(rule);
    if (!changed || changed === rule) return;
    const mark = from === undefined ? undefined : `${this.state.table} ${index}`;
    this.edit(withReplaced(this.rules, index, changed), { mark, from });
  }

  join(field: string, generic: string): void {
    const known = (fields: CatalogField[], path: string) => fields.find((one) => one.path === path);
    const rule = joinedRule(known(this.partner, field), known(this.generic, generic), { field, generic });
    this.add([rule]);
  }

  /** Inserts rules at a place, or at the end. */
  add(rules: Rule[], at = this.rules.length): void {
    this.edit(withInserted(this.rules, at, rules), { selected: rules.map((_, i) => at + i) });
  }

  /** Moves a rule before another one. */
  move(from: number, to: number): void {
    if (to < 0 || to > this.rules.length || to === from || to === from + 1) return;
    this.edit(withMoved(this.rules, from, to), { selected: [to > from ? to - 1 : to] });
  }

  remove(indexes: number[]): void {
    if (indexes.length === 0) return;
    const next = Math.min(...indexes, this.rules.length - indexes.length - 1);
    const rest = this.rules.filter((_, index) => !indexes.includes(index));
    this.edit(rest, { selected: next >= 0 && rest.length ? [next] : [] });
  }

  select(selected: number[]): void {
    this.history.seal();
    this.history.touch({ ...this.state, selected });
    this.notify('selection');
  }

  show(table: Table): void {
    this.history.seal();
    this.history.touch({ ...this.state, table, selected: [] });
    this.notify('all');
  }

  /** Shows a rule in its table. */
  reveal({ table, rule }: RuleRef): void {
    if (table !== this.state.table) this.show(table);
    this.select([rule]);
  }

  undo(): void {
    if (this.history.undo()) this.notify('all');
  }

  redo(): void {
    if (this.history.redo()) this.notify('all');
  }

  seal(): void {
    this.history.seal();
  }
}
