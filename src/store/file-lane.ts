/* Files are sent in lanes of their own, one for each target and source: a source that is slow or fails holds back nothing else. */

const MARK = '|attachments from ';

/** The lane of the files for a target that come from an endpoint. `lane`: the one of the target's other deliveries. */
export function fileLane(lane: string, source: string): string {
  return `${lane}${MARK}${source}`;
}

/** Id of the endpoint from which the files of a lane are fetched; undefined for a lane of other deliveries. */
export function fileSource(lane: string): string | undefined {
  const at = lane.lastIndexOf(MARK);
  return at < 0 ? undefined : lane.slice(at + MARK.length);
}
