/** Maximum number of steps that can be undone. */
const MAX = 200;

/** Undo and redo. States are never changed, only replaced. */
export class History<State> {
  private readonly past: State[] = [];
  private future: State[] = [];
  private mark: string | undefined;

  constructor(private present: State) {}

  get state(): State {
    return this.present;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Adds a state. Several in a row with the same mark are one step, so that typing is not undone letter by letter. */
  push(state: State, mark?: string): void {
    if (mark === undefined || mark !== this.mark) {
      this.past.push(this.present);
      if (this.past.length > MAX) this.past.shift();
    }
    this.mark = mark;
    this.present = state;
    this.future = [];
  }

  /** Starts a new step with the next change. */
  seal(): void {
    this.mark = undefined;
  }

  /** Replaces the state without a step, for changes that are not worth one, such as the selection. */
  touch(state: State): void {
    this.present = state;
  }

  undo(): State | undefined {
    const state = this.past.pop();
    if (state === undefined) return undefined;
    this.future.push(this.present);
    this.present = state;
    this.mark = undefined;
    return state;
  }

  redo(): State | undefined {
    const state = this.future.pop();
    if (state === undefined) return undefined;
    this.past.push(this.present);
    this.present = state;
    this.mark = undefined;
    return state;
  }
}
