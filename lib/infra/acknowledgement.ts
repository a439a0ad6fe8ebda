import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Packs of cdk-nag that share the names of their rules. */
const COMPLIANCE_PACKS = ['NIST.800.53.R4', 'NIST.800.53.R5', 'HIPAA.Security', 'PCI.DSS.321'];

/** Acknowledges a rule that cdk-nag's compliance packs share, under each pack's name for it. */
export function acknowledgeCompliance(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge(...COMPLIANCE_PACKS.map(pack => ({ id: `${pack}-${rule}`, reason })));
}
