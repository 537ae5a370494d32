/* SPDX-License-Identifier: Apache-2.0 */
/* Student's t distribution, for the spread between a few runs. */
#ifndef SEEP_CHECK_INTERVAL_STUDENT_H
#define SEEP_CHECK_INTERVAL_STUDENT_H

/* The t that a variable with this many degrees of freedom (from 1 up) exceeds, on either side of 0, with a chance of
 * alpha (1e-300 to 1). The relative accuracy is 1e-9. */
double student_quantile(double alpha, double degrees);

#endif
