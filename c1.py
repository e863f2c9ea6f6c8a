import sys; sys.path.insert(0,'/tmp/mine')
from stage import *
stage('jobs/index.ts',[("import { tick } from './tick.ts'\n","import { tick } from './tick.ts'\nimport { verifyConnectionJob } from './verify-connection.ts'\n"),("  tick,\n]","  tick,\n  verifyConnectionJob,\n]")])
stage('test/storage/isolation.test.ts',[("subjectId: a.request, deliveryId: a.delivery },","subjectId: a.request, deliveryId: a.delivery },\n    ...{ outageId: a.outage, failureClasses: ['revoked'] },")])
stage('test/templates/injection.test.ts',[("  ...['blocks', 'incident-buttons', 'incident-words', 'request-card button', 'request-card cancelButton'],","""  ...[
    'blocks',
    'incident-buttons',
    'incident-looks',
    'incident-words',
    'request-card button',
    'request-card cancelButton',
  ],""")])
p='test/support/every-text.ts'
s=git('show','HEAD:'+p)
a=s.index("function incidents(name: string)"); b=s.index("function reconnecting(name: string)")
e=[(s[a:b],"")]
for l in ["import { incidentCard } from '../../templates/slack/incident.ts'\n","import * as incidentAnswers from '../../templates/slack/incident-answers.ts'\n","import { incidentEvent } from '../../templates/slack/incident-events.ts'\n","import { decidedBefore, moveCard } from '../../templates/slack/move.ts'\n"]:
    e.append((l,""))
e.append(("import { whoHasAccessList } from '../../templates/slack/who-has-access.ts'\n","import { whoHasAccessList } from '../../templates/slack/who-has-access.ts'\nimport { incidents } from './every-incident-text.ts'\n"))
stage(p,e)
