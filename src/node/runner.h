/* The runner: a resident process per slot that runs one process task at a time and ends its tree when its pipe to the worker closes. */
#ifndef NODE_RUNNER_H
#define NODE_RUNNER_H

/* The main function of `fastworker __runner`: speaks runner_msg.h on descriptors 0 and 1 until 0 closes; returns the exit status. */
int runner_main(void);

#endif
