/** The Switchboard tour in the Node-RED editor, loaded by RED.tourGuide when it starts. Its texts are labels of nodes/first-steps/. */
const LABELS = '@switchboard/node-red-switchboard/first-steps:';
const t = (key) => RED._(LABELS + key);
// A fixed width: at the right edge the text would be squeezed and pushed off the page.
const step = (title, text, more = {}) => ({ title, description: `<p>${text}</p>`, width: 300, ...more });

export default {
  steps: [
    step(t('tour.welcome.title'), t('tour.welcome.text'), { titleIcon: 'fa fa-exchange' }),
    step(t('tour.palette.title'), t('tour.palette.text'), {
      element: '#red-ui-palette-container-switchboard',
      direction: 'right',
      prepare() {
        // Scrolls only the palette: scrollIntoView also moves the page, which would push the text out of view.
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
        // A hidden sidebar needs time to slide in.
        setTimeout(done, 300);
      },
    }),
    // In the middle: there is no room for text next to the buttons at the top right.
    step(t('tour.begin.title'), t('tour.begin.text')),
  ],
};
