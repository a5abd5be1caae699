import type { SystemForm } from '../../../src/endpoints/form.js';
import { FORMS } from '../../../src/endpoints/forms.js';
import { FlowGraph, type FlowNode } from '../flow-graph.js';
import type { InConfig } from '../in.config.js';
import { dialog, field } from './fields.js';
import { asEdited, expression } from './validate.js';

/*
 * Warns of in nodes whose flows claim the same updates: those of one endpoint and record type that lead to out nodes, with no
 * condition that says which new records are whose.
 */

const TYPES = new Set(FORMS.map(({ id }) => `switchboard-${id}-in`));
/** The last two also come when the flows have been loaded. */
const WATCHED = [
  'nodes:add',
  'nodes:change',
  'nodes:remove',
  'links:add',
  'links:remove',
  'flows:change',
  'subflows:change',
  'workspace:dirty',
  'workspace:change',
];

let graph: FlowGraph | undefined;

/** The flows in the editor; for one turn of the event loop, because many nodes are checked at once. */
function currentGraph(): FlowGraph {
  if (!graph) {
    graph = new FlowGraph(RED.nodes.createCompleteNodeSet({ credentials: false }) as unknown as FlowNode[]);
    setTimeout(() => {
      graph = undefined;
    }, 0);
  }
  return graph;
}

/** The validator of the condition on new records: an expression, or none where no other flow claims the same updates. */
export function sameUpdates(form: SystemForm): Validator<InConfig> {
  const isValid = expression<InConfig>();
  return function (value, options) {
    watch();
    if (value) return isValid.call(this, value, options);
    const { endpoint, entityType } = asEdited<InConfig>(this);
    const all = currentGraph().inNodes(endpoint, entityType || (form.entityTypes[0] ?? ''));
    const rivals = all.filter(
      ({ node, condition, leadsTo, isDisabled }) => node !== this.id && !condition && !isDisabled && leadsTo.size > 0,
    );
    if (rivals.length === 0 || currentGraph().leadsTo(this.id).size === 0) return true;
    return this._def._('invalid.sameUpdates', { others: rivals.map(({ node, name }) => `${name} (${tabOf(node)})`).join(', ') });
  };
}

/** The label of the tab of a node, because in nodes of one partner often have the same name. */
function tabOf(id: string): string {
  const tab = String(RED.nodes.node(id)?.z ?? '');
  return RED.nodes.workspace(tab)?.label ?? tab;
}

/** Shows the warning in the dialog, and updates it as the settings that decide about it change. */
export function showSameUpdates(node: EditorNode<InConfig>, form: SystemForm): void {
  const note = dialog('node-input').find('#switchboard-same-updates');
  const update = () => {
    const result = sameUpdates(form).call(node, String(field('node-input', 'newOnly').val() ?? ''), undefined);
    note.text(result === true ? '' : String(result));
  };
  for (const name of ['endpoint', 'entityType', 'newOnly']) field('node-input', name).on('change input', update);
  update();
}

/** Marks in nodes again when a wire or another node changes what they share. The first call counts, whichever set makes it. */
function watch(): void {
  const marker = 'data-switchboard-same-updates';
  if (document.documentElement.hasAttribute(marker)) return;
  document.documentElement.setAttribute(marker, '');
  let isPlanned = false;
  const check = () => {
    isPlanned = false;
    let isChanged = false;
    RED.nodes.eachNode((node) => {
      if (!TYPES.has(node.type)) return;
      const before = node.valid;
      RED.editor.validateNode(node);
      if (node.valid === before) return;
      node.dirty = true;
      isChanged = true;
    });
    if (isChanged) RED.view.redraw();
  };
  const plan = () => {
    // Later than the sets, each of which has its own copy of this code, forget the graph from before the change.
    if (!isPlanned) setTimeout(() => setTimeout(check, 0), 0);
    isPlanned = true;
  };
  for (const event of WATCHED) RED.events.on(event, plan);
  plan();
}
