/* What the system allows a control plane. */
#ifndef NODE_LIMITS_H
#define NODE_LIMITS_H

/* As many descriptors as we may have: each connection is one. No core files: keys are in memory. */
void limits_raise(void);

#endif
