/** What expressions are evaluated for, as it is when the first of them is: several expressions for one input share its text. */
export class ExpressionInput {
  private made: string | undefined;

  constructor(private readonly value: unknown) {}

  /** As JSON; undefined where there is no input. */
  get text(): string | undefined {
    this.made ??= JSON.stringify(this.value);
    return this.made;
  }
}
