import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Mapping, Rule } from '../../../src/mapping/mapping.js';
import type { RuleRef, Table } from '../../../src/mapping/preview-result.js';
import type { FieldLists } from './answers.js';
import type { Api } from './api.editor.js';
import { inserted, joining, moved, replaced, rulesOf, withRules } from './document.js';
import { History } from './history.js';

/** What is being edited, and what of it is selected. */
export interface State {
  mapping: Mapping;
  table: Table;
  /** Indexes of the selected rules; the last one is shown in full. */
  selected: number[];
}

type Reason = 'rules' | 'selection' | 'all';
type Listener = (reason: Reason, from: unknown) => void;

const NO_LISTS: FieldLists = { partner: [], generic: [], genericItems: [], lists: [] };

/** One mapping while its dialog is open: the steps that can be undone, and who is to be told of them. */
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

  /** The rule that is shown in full. */
  get current(): { index: number; rule: Rule } | undefined {
    const index = this.state.selected.at(-1);
    const rule = index === undefined ? undefined : this.rules[index];
    return rule && index !== undefined ? { index, rule } : undefined;
  }

  get can(): { undo: boolean; redo: boolean } {
    return { undo: this.history.canUndo, redo: this.history.canRedo };
  }

  /** Whose records are translated; another preset or an import may change it. */
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

  tell(reason: Reason, from?: unknown): void {
    for (const listener of this.listeners) listener(reason, from);
  }

  /** Other rules, as a step that can be undone. `mark`: see History. `from`: who knows of it already. */
  edit(
    rules: Rule[],
    { selected = this.state.selected, mark, from }: { selected?: number[]; mark?: string; from?: unknown } = {},
  ) {
    const { mapping, table } = this.state;
    this.history.push({ mapping: withRules(mapping, table, rules), table, selected }, mark);
    this.tell('rules', from);
  }

  editMapping(mapping: Mapping, table = this.state.table): void {
    this.history.push({ mapping, table, selected: [] });
    this.tell('all');
  }

  /** Changes one rule as it is now. What is typed, `from` a part that shows it already, is one step until it is sealed. */
  editRule(index: number, change: (rule: Rule) => Rule, from?: unknown): void {
    const rule = this.rules[index];
    const changed = rule && change(rule);
    if (!changed || changed === rule) return;
    const mark = from === undefined ? undefined : `${this.state.table} ${index}`;
    this.edit(replaced(this.rules, index, changed), { mark, from });
  }

  join(field: string, generic: string): void {
    const known = (fields: CatalogField[], path: string) => fields.find((one) => one.path === path);
    const rule = joining(known(this.partner, field), known(this.generic, generic), { field, generic });
    this.add([rule]);
  }

  /** Puts rules behind the selected one, or at the end. */
  add(rules: Rule[], at = this.rules.length): void {
    this.edit(inserted(this.rules, at, rules), { selected: rules.map((_, i) => at + i) });
  }

  /** Moves a rule before another one. */
  move(from: number, to: number): void {
    if (to < 0 || to > this.rules.length || to === from || to === from + 1) return;
    this.edit(moved(this.rules, from, to), { selected: [to > from ? to - 1 : to] });
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
    this.tell('selection');
  }

  show(table: Table): void {
    this.history.seal();
    this.history.touch({ ...this.state, table, selected: [] });
    this.tell('all');
  }

  /** Shows a rule wherever it stands. */
  reveal({ table, rule }: RuleRef): void {
    if (table !== this.state.table) this.show(table);
    this.select([rule]);
  }

  undo(): void {
    if (this.history.undo()) this.tell('all');
  }

  redo(): void {
    if (this.history.redo()) this.tell('all');
  }

  seal(): void {
    this.history.seal();
  }
}
