/** A time for a status text, both in epoch milliseconds: hours and minutes, preceded by month and day if that is not today. */
export function clockTime(at: number, now: number): string {
  const [moment, today] = [new Date(at), new Date(now)];
  const two = (number: number) => String(number).padStart(2, '0');
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  const day = `${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return moment.toDateString() === today.toDateString() ? time : `${day} ${time}`;
}
