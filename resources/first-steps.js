/** The tour of Switchboard in Node-RED's editor, loaded by RED.tourGuide when somebody takes it. Its words are labels of nodes/first-steps/. */
const LABELS = '@switchboard/node-red-switchboard/first-steps:';
const t = (key) => RED._(LABELS + key);
// With a width of its own: beside the right edge the words would be squeezed, and pushed out of the page.
const step = (title, text, more = {}) => ({ title, description: `<p>${text}</p>`, width: 300, ...more });

export default {
  steps: [
    step(t('tour.welcome.title'), t('tour.welcome.text'), { titleIcon: 'fa fa-exchange' }),
    step(t('tour.palette.title'), t('tour.palette.text'), {
      element: '#red-ui-palette-container-switchboard',
      direction: 'right',
      prepare() {
        // The palette alone: scrollIntoView moves the page too, and words would stand outside of it.
        const category = document.querySelector('#red-ui-palette-container-switchboard');
        const palette = document.querySelector('#red-ui-palette-container');
        palette.scrollTop += category.getBoundingClientRect().top - palette.getBoundingClientRect().top;
      },
    }),
    step(t('tour.messages.title'), t('tour.messages.text'), {
      element: () => $('.switchboard-view').first(),
      direction: 'left',
      prepare(done) {
        RED.actions.invoke('switchboard:show-messages');
        // A sidebar that was hidden slides in.
        setTimeout(done, 300);
      },
    }),
    // In the middle: beside the buttons at the upper right there is no room for words.
    step(t('tour.begin.title'), t('tour.begin.text')),
  ],
};
