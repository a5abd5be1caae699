import assert from 'node:assert/strict';
import { compileMapping, preset, presets } from '../../src/endpoints/registry.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { parsePath, read } from '../../src/mapping/paths.js';
import {
  type GenericMessage,
  type Json,
  ORDER_STATES,
  PRIORITIES,
  SEVERITIES,
  STATES,
  type State,
  TICKET_STATES,
} from '../../src/model/message.js';
import { recordsOf, serviceNowPresets } from './records.js';

const message = (fields: GenericMessage['fields'], more: Partial<GenericMessage> = {}): GenericMessage => ({
  entity: 'incident',
  event: 'updated',
  source: { endpoint: 'x', entityType: 'y', id: '1', number: 'N-1' },
  fields: { title: 'x', ...fields },
  comments: [],
  attachments: [],
  relations: [],
  ...more,
});

describe('the presets', () => {
  it('are found by system, entity type and version', () => {
    assert.equal(preset('servicenow', 'incident').name, 'ServiceNow incident');
    assert.equal(preset('tmf621', 'troubleTicket', 'v5').version, 'v5');
    assert.throws(() => preset('servicenow', 'nonesuch'), { code: 'SWB_CONFIG', message: /no preset for servicenow nonesuch/ });
  });

  for (const mapping of presets()) {
    describe(mapping.name, () => {
      const compiled = compileMapping(mapping);
      const states: readonly State[] = mapping.items ? ORDER_STATES : TICKET_STATES;

      for (const state of states) {
        it(`maps the state ${state} to a value that maps back to a state, or leaves the state to the other party`, async () => {
          const { body, problems } = await compiled.fromGeneric(message({ state }));
          assert.deepEqual(
            problems.filter((p) => p.code === 'unmapped'),
            [],
          );
          const back = await compiled.toGeneric(body);
          if (silentOn(mapping, state)) return assert.equal(back.fields.state, undefined, JSON.stringify(body));
          assert.ok(STATES.includes(back.fields.state!), JSON.stringify(body));
          assert.deepEqual(
            back.problems.filter((p) => p.code === 'unmapped' && p.field.includes('stat')),
            [],
          );
        });
      }

      it('map the states back that they can distinguish', async () => {
        const rule = mapping.rules.find((r) => r.generic === 'state' && r.values)!;
        const told = new Map<string, string[]>();
        for (const state of states.filter((s) => !silentOn(mapping, s))) {
          const { body } = await compiled.fromGeneric(message({ state }));
          const words = [rule.field]
            .flat()
            .map((field) => String(read(body, parsePath(field)) ?? ''))
            .join('|');
          told.set(words, [...(told.get(words) ?? []), state]);
        }
        for (const alike of told.values()) {
          const { body } = await compiled.fromGeneric(message({ state: alike[0] as State }));
          const { fields } = await compiled.toGeneric(body);
          assert.ok(alike.includes(fields.state!), `${alike.join(', ')} comes back as ${fields.state}`);
        }
      });

      for (const severity of SEVERITIES) {
        it(`has a value for ${severity}`, async () => {
          const { problems } = await compiled.fromGeneric(message({ severity }));
          assert.deepEqual(
            problems.filter((p) => p.code === 'unmapped'),
            [],
          );
        });
      }

      it('says which rule made each field', async () => {
        const { body, trace } = await compiled.fromGeneric(
          message({ state: 'inProgress', severity: 'major', description: 'long' }),
        );
        const traced = new Set(Object.keys(trace).map((path) => parsePath(path).top));
        assert.deepEqual(new Set(Object.keys(body)), traced);
      });

      it('reports an unknown value instead of passing it', async () => {
        const rule = mapping.rules.find((r) => r.generic === 'state' && r.values)!;
        const record: Record<string, Json> = Object.fromEntries([rule.field].flat().map((f) => [f, '4711']));
        const { fields, problems } = await compiled.toGeneric(record);
        assert.equal(fields.state, undefined);
        assert.ok(problems.some((p) => p.code === 'unmapped' && p.value?.toString().includes('4711')));
      });
    });
  }
});

/** The party that takes orders reports their state: a preset may send only some states, and names them. */
function silentOn(mapping: Mapping, state: State): boolean {
  const out = mapping.rules.filter((r) => r.generic === 'state' && r.direction !== 'in');
  return out.every((r) => r.onlyIf?.generic === 'state' && !r.onlyIf.is.includes(state));
}

describe('a ServiceNow record', () => {
  for (const mapping of serviceNowPresets) {
    for (const { title, record } of recordsOf(mapping)) {
      it(`becomes a generic message without a problem: ${title}`, async () => {
        const { fields, problems } = await compileMapping(mapping).toGeneric(record);
        assert.deepEqual(problems, []);
        assert.ok(fields.title && fields.state);
      });
    }
  }

  const incident = preset('servicenow', 'incident');
  PRIORITIES.forEach((priority, i) => {
    it(`of priority ${i + 1} is ${priority}`, async () => {
      const { fields } = await compileMapping(incident).toGeneric({ priority: String(i + 1) });
      assert.equal(fields.priority, priority);
    });
  });

  it('that is on hold waits for the caller, or for someone else', async () => {
    const of = async (hold_reason: string) =>
      (await compileMapping(incident).toGeneric({ state: '3', hold_reason })).fields.state;
    assert.deepEqual([await of('1'), await of('4'), await of('')], ['pending', 'held', 'held']);
  });

  it('gets no resolution before it is resolved', async () => {
    const out = async (mapping: Mapping, state: (typeof STATES)[number]) =>
      (await compileMapping(mapping).fromGeneric(message({ state, resolution: 'Card replaced' }))).body;
    assert.equal((await out(incident, 'inProgress')).close_notes, undefined);
    const resolved = await out(incident, 'resolved');
    assert.equal(resolved.close_notes, 'Card replaced');
    assert.ok(resolved.close_code, 'ServiceNow demands a code with it');
  });

  it('with a text that is too long for a field is cut there, and the whole text is kept for a comment', async () => {
    const title = 'x'.repeat(200);
    const { body, problems } = await compileMapping(incident).fromGeneric(message({ title }));
    assert.equal(String(body.short_description).length, 160);
    assert.equal(problems.find((p) => p.code === 'cut')?.value, title);
  });
});
