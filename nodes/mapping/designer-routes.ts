import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import { isSystem, type MappingSubject, partnerCatalog, preset, systemOf } from '../../src/endpoints/registry.js';
import type { SwitchboardError } from '../../src/errors.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import { examplesOf } from '../../src/mapping/catalog/catalog.js';
import { genericCatalog, genericExample } from '../../src/mapping/catalog/generic.js';
import { seenFields, withSeen } from '../../src/mapping/catalog/seen.js';
import type { Direction, Mapping } from '../../src/mapping/mapping.js';
import { misshapen } from '../../src/mapping/mapping-shape.js';
import { preview } from '../../src/mapping/preview.js';
import type { PreviewExpressions } from '../../src/mapping/preview-expressions.js';
import { requireSmallResult, requireSmallRules, requireSmallSample } from '../../src/mapping/preview-limits.js';
import type { Preview, Table } from '../../src/mapping/preview-result.js';
import type { Json } from '../../src/model/message.js';
import { mayBeMasked } from '../../src/privacy/view-mask.js';
import { say } from '../../src/text/say.js';
import { type AdminRoutes, maskFor, NotFoundError, type Request } from '../kit/admin-routes.js';
import { notePreview } from '../kit/audited.js';
import type { MappingNode } from '../kit/mapping-node.js';
import { previewing } from '../kit/previews.js';
import { compareMessages } from './changes.js';
import type { Changes, FieldLists, SampleHeading, SeenValues } from './designer/answers.js';
import { type KeptMessage, keptMessages } from './kept-messages.js';
import { valuesSeen } from './values-seen.js';

type Tree = Record<string, Json>;

/** The name of previews in errors. */
const PLACE = () => say`Mapping preview`;

/** The id of the sample that is made from the catalogue. */
const EXAMPLE = 'example';
/** Number of recent messages that provide fields and values, serve as samples, and are compared before and after a change. */
const MESSAGES = 20;

/**
 * Serves the requests of the mapping dialog. They only read, so anyone who may see messages may try a mapping on them.
 */
export function serveDesigner(RED: NodeAPI, routes: AdminRoutes): void {
  const get = (path: string, work: (req: Request) => unknown) => routes.get(`mappings/${path}`, work);
  const post = (path: string, work: (req: Request) => unknown) => routes.post(`mappings/${path}`, work, 'switchboard.read');

  get('fields', (req) => fieldLists(samplesFor(RED, req), subjectOf(req.query)));
  get('samples', async (req) =>
    (await samplesFor(RED, req)(subjectOf(req.query), directionOf(req.query.direction))).map(heading),
  );
  get('samples/:id', async (req) => {
    const id = req.params.id ?? '';
    const found = await sample(samplesFor(RED, req), subjectOf(req.query), directionOf(req.query.direction), id);
    // What is previewed is sent back by the dialog: to have it is what counts.
    if (id !== EXAMPLE) await notePreview(req, id);
    return found;
  });
  const tryOut = <T>(path: string, work: (req: Request, expressions: PreviewExpressions) => Promise<T>) =>
    post(path, previewing(work));
  tryOut('preview', async ({ body = {} }, expressions) => {
    const mapping = mappingOf(body.mapping);
    const given = treeOf(body.sample, 'sample');
    requireSmallSample(given, PLACE());
    return previewOf(expressions)(mapping, directionOf(body.direction), given);
  });
  tryOut('values', async (req): Promise<SeenValues> => {
    const { body = {} } = req;
    const mapping = mappingOf(body.mapping);
    await notePreview(req, idOf(mapping));
    const table: Table = body.table === 'items' ? 'items' : 'order';
    const samples = samplesFor(RED, req);
    const messages = { in: await samples(mapping, 'in'), out: await samples(mapping, 'out') };
    const counted = (await Promise.all(brokers().map((broker) => broker.unmapped.list()))).flat();
    return valuesSeen(mapping, table, Number(body.rule), messages, counted, maskFor(req));
  });
  tryOut('changes', async (req, expressions) => {
    const mapping = mappingOf(req.body?.mapping);
    await notePreview(req, idOf(mapping));
    const deployed = deployedRules(RED, String(req.body?.id ?? ''));
    return changes(samplesFor(RED, req), deployed, mapping, expressions);
  });
}

const idOf = ({ system, entityType, version }: MappingSubject): string => [system, version, entityType].filter(Boolean).join(' ');

type Samples = (subject: MappingSubject, direction: Direction) => Promise<KeptMessage[]>;

/** The samples of a request, masked for who may not see people's data: so is what is computed with them. */
function samplesFor(RED: NodeAPI, req: Request): Samples {
  const mask = maskFor(req);
  return (subject, direction) => keptMessages(RED, mask, subject, direction, MESSAGES);
}

function heading({ sample: _, ...rest }: KeptMessage): SampleHeading {
  return rest;
}

/** `example` is the sample made from the catalogue. */
async function sample(samples: Samples, subject: MappingSubject, direction: Direction, id: string): Promise<{ sample: Tree }> {
  if (id === EXAMPLE)
    return {
      sample: direction === 'in' ? examplesOf(partnerCatalog(subject)) : (genericExample(subject.entityType) as unknown as Tree),
    };
  const found = (await samples(subject, direction)).find((message) => message.id === id);
  if (!found) throw new NotFoundError(say`This message is no longer among the recent ones. Choose another one.`);
  return { sample: found.sample };
}

async function fieldLists(samples: Samples, subject: MappingSubject): Promise<FieldLists> {
  const catalog = partnerCatalog(subject);
  const generic = genericCatalog(subject.entityType);
  const records = (await samples(subject, 'in')).map((message) => message.sample);
  const list = catalog.items?.field;
  // What other partners' records carry can be mapped too.
  const custom = (await samples(subject, 'out')).map(({ sample }) => ({ custom: (sample.fields as Tree).custom ?? {} }) as Tree);
  const items = records.flatMap((record) => (list && Array.isArray(record[list]) ? (record[list] as Tree[]) : []));
  return {
    partner: withSeen(catalog.fields, named(records)).filter(({ path }) => path !== list),
    generic: withSeen(generic.fields, named(custom)),
    ...(catalog.items && {
      items: {
        field: catalog.items.field,
        partner: withSeen(catalog.items.fields, named(items.filter(isTree))),
      },
    }),
    genericItems: generic.items.fields,
    lists: catalog.items ? [] : listsIn(records),
  };
}

/** A rule for a masked name would never find a field. */
function named(records: Tree[]): ReturnType<typeof seenFields> {
  return seenFields(records).filter(({ path }) => !mayBeMasked(path));
}

/** Lists of objects in the records: any of them may hold the items of an order. */
function listsIn(records: Tree[]): string[] {
  const names = records.flatMap((record) =>
    Object.entries(record).flatMap(([name, value]) => (Array.isArray(value) && isTree(value[0]) ? [name] : [])),
  );
  return [...new Set(names)];
}

type Run = (mapping: Mapping, direction: Direction, given: Tree) => Promise<Preview>;

function previewOf(expressions: PreviewExpressions): Run {
  return async (mapping, direction, given) => {
    const { entityType, version } = mapping;
    const { unwrap, notation, carries, validate } = systemOf(mapping.system);
    const record = direction === 'in' ? unwrap(given, entityType) : given;
    const result = await preview(mapping, direction, record, {
      expressions,
      notation: notation(version),
      carries,
      check: (body) => validate(entityType, body, version),
    });
    requireSmallResult(result, PLACE());
    return result;
  };
}

/** Compares with the rules in use: this node's deployed rules, or the preset that is used without the node. */
async function changes(
  samples: Samples,
  deployed: Mapping | undefined,
  mapping: Mapping,
  expressions: PreviewExpressions,
): Promise<Changes> {
  const before = deployed ?? presetOf(mapping);
  const messages = [...(await samples(mapping, 'in')), ...(await samples(mapping, 'out'))]
    .sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1))
    .slice(0, MESSAGES);
  const compared = await compareMessages(messages, before, mapping, previewOf(expressions), () => expressions.isOver);
  requireSmallResult(compared, PLACE());
  return { against: deployed ? 'deployed' : before ? 'preset' : 'nothing', ...compared };
}

function deployedRules(RED: NodeAPI, id: string): Mapping | undefined {
  try {
    return (RED.nodes.getNode(id) as MappingNode | null)?.compiled().mapping;
  } catch {
    return undefined;
  }
}

function presetOf({ system, entityType, version }: MappingSubject): Mapping | undefined {
  try {
    return preset(system, entityType, version);
  } catch {
    return undefined;
  }
}

function subjectOf(query: Request['query']): MappingSubject {
  const { system, entityType, version } = query;
  // Systems look them up by name, where JavaScript has names of its own.
  const isName = (name: unknown) => typeof name === 'string' && !(name in Object.prototype);
  if (typeof system !== 'string' || !isSystem(system) || typeof entityType !== 'string' || !isName(entityType))
    throw wrong('system and entityType', say`Name the records to map: ?system=…&entityType=…`);
  return {
    system,
    entityType,
    ...(typeof version === 'string' && isName(version) && version && { version }),
  };
}

function directionOf(value: unknown): Direction {
  if (value === 'in' || value === 'out') return value;
  throw wrong('direction', say`Use in or out.`);
}

function treeOf(value: unknown, name: string): Tree {
  if (isTree(value)) return value;
  throw wrong(name, say`Send a JSON object.`);
}

function mappingOf(value: unknown): Mapping {
  const mapping = treeOf(value, 'mapping') as unknown as Mapping;
  const part = misshapen(mapping);
  if (part) throw wrong(part, say`Send its rules as a list.`);
  requireSmallRules(mapping, [mapping.rules, mapping.items?.rules ?? []], PLACE());
  return { ...mapping, ...subjectOf(mapping as unknown as Request['query']) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(field: string, hint: string): SwitchboardError {
  return new RefusedRequest(400, 'SWB_PAYLOAD', say`${field} is missing or wrong.`, { where: PLACE(), field, hint });
}
