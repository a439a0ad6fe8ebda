import { endAll } from '../processes';
import { Scorecard } from '../scorecard';
import { checkContainers } from './containers';

const scorecard = new Scorecard();
checkContainers(scorecard).finally(async () => {
  await endAll();
  scorecard.close();
});
