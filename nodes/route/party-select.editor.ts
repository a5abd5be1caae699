import { systemOfNode } from '../kit/editor/endpoints.js';

/** The name of an endpoint as people know it; undefined if there is none with that id. */
export function endpointName(id: string): string | undefined {
  const node = RED.nodes.node(id);
  return node ? String(node.name || node.baseUrl || node.id) : undefined;
}

/** All endpoints of all systems, by name. */
export function allEndpoints(): string[] {
  const found: string[] = [];
  RED.nodes.eachConfig((node) => {
    if (systemOfNode(node)) found.push(node.id);
  });
  return found.sort((one, other) => (endpointName(one) ?? '').localeCompare(endpointName(other) ?? ''));
}

/** A select of endpoints; `none` is the text for no endpoint. What is selected stays listed even if it is gone. */
export function partySelect(selected: string, none: string, endpoints: readonly string[] = allEndpoints()): JQuery {
  return fillParties($('<select>'), selected, none, endpoints);
}

/** Lists the endpoints in a select. */
export function fillParties(select: JQuery, selected: string, none: string, endpoints: readonly string[]): JQuery {
  const listed = [...new Set([...endpoints, selected])].filter(Boolean);
  select.empty().append($('<option>').val('').text(none));
  select.append(
    listed.map((id) =>
      $('<option>')
        .val(id)
        .text(endpointName(id) ?? id),
    ),
  );
  return select.val(selected);
}
