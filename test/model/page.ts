import { genericSchema } from '../../src/model/generic-schema.js';

interface Schema {
  type?: string;
  format?: string;
  enum?: string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

/** docs/model.md, generated from the schema. */
export function modelPage(): string {
  const rows = rowsOf(genericSchema as Schema, '');
  return `# The generic model

Every system's records are translated to and from this model: \`normalize\` creates it, and \`map\` turns it into a partner's payload. Between the two it is \`msg.payload\`, checked
against this schema (JSON Schema 2020-12, \`src/model/generic-schema.ts\`, from which this page is generated). Times are ISO 8601 UTC.

| field | type | meaning |
|---|---|---|
${rows.join('\n')}

Fields in **bold** are always present. Anything else that a system has goes to \`custom\`.
`;
}

function rowsOf(schema: Schema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const list = field.type === 'array';
    const inner = list ? (field.items ?? {}) : field;
    const full = `${path}${name}${list ? '[]' : ''}`;
    const shown = schema.required?.includes(name) ? `**\`${full}\`**` : `\`${full}\``;
    return [`| ${shown} | ${typeOf(field)} | ${field.description ?? ''} |`, ...rowsOf(inner, `${full}.`)];
  });
}

function typeOf(field: Schema): string {
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(' ');
  if (field.type === 'array') return field.items?.type === 'object' ? 'list' : `list of ${field.items?.type}`;
  if (field.format === 'date-time') return 'time';
  return field.type === 'string' ? 'text' : (field.type ?? '');
}
