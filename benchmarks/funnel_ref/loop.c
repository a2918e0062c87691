/* `funnel-ref` by hand: how fast the workload can be on this machine, the measure for the compiled engine.

   The same log as machinery.py, bit by bit: the same times, uniforms, logarithms, order within an instant. Compiled and
   called by c_loop.py; the tables are allocated by tables.py, whose types the structs below repeat. Compile without
   contraction of a * b + c (-ffp-contract=off) and without a compiler's own idea of pow (-fno-builtin-pow).

   What makes it fast: the event list is a calendar of fixed slots of time; an event is one word of 64 bits (offset within
   its slot, rank, buyer), so that comparing words is the whole order; events of later slots wait in lists, unsorted, and
   are sorted, about five at a time, when their slot's turn comes. Whatever is known when an event is scheduled is drawn
   then, not when it happens: the branches that depend on it are then decided early. */

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { ARRIVE, TOUCH, COLD, LEAD, ABANDON, MSTART, MEND, BUY, DROP, EXHAUST, REQUEUE, REBUY, CHURN };
enum { AT_END = 3, AT_ARRIVAL = 5, AT_PATIENCE, AT_TOUCH, AT_LEAVING, AT_DECISION = 11, AT_RENEWAL }; /* ranks */
enum {
    FOR_ARRIVAL = 1, FOR_TOUCH_GAP, FOR_TOUCH_STRENGTH, FOR_PATIENCE, FOR_MEETING, FOR_GAP, FOR_BUY, FOR_DROP,
    FOR_REVENUE, FOR_REBUY_GAP, FOR_CHURN
};
enum { DONE, LOG_FULL, BUYERS_FULL, EVENTS_FULL };
enum { WAITING = -1, GONE = -2 }; /* states of a buyer beside seats and verdicts */

enum { SPARE = 8 }; /* rows and events that one event can need, beside one per rep in the dispatch after it */
enum { RANK = 28, OFFSET = 32 }; /* where rank and offset begin in the word of an event; the buyer fills the rest */
#define BUYER_MASK ((1u << RANK) - 1)

typedef struct __attribute__((packed)) {
    int64_t time;
    int32_t buyer;
    uint8_t kind;
    int32_t owner;
    double value;
} Row;

typedef struct {
    int64_t deadline; /* leaves the market; loses patience */
    int64_t since;    /* waits; is in a meeting */
    double trust;     /* after the touch that comes next */
    int32_t number;   /* of the touch, meeting or purchase */
    int32_t state;    /* WAITING, GONE; the rep's seat; how the decision goes; whether the customer churns */
} Buyer;

typedef struct { int64_t queued, buyer; } Waiter;
typedef struct { int64_t since, seat; } Idle;
typedef struct { uint64_t word; int64_t next; } Event;

typedef struct {
    uint64_t key;
    int64_t end, leave_after, shift, reps;
    double day, per_half_life, two, arrival_mean, least_patient;
    const double *p_buy;
    Row *rows;
    Buyer *buyers;
    Event *events;   /* of later slots; 0 stands for none */
    int32_t *slots;  /* first event of each slot */
    uint64_t *present; /* the present slot, sorted, from `first` to `last` */
    Waiter *queue;
    Idle *idle;
    int64_t cap_rows, cap_buyers, cap_events, cap_present, queue_mask, idle_mask;
    int64_t n_rows, n_events, free_event, slot, first, last, now;
    int64_t n_waiting, queue_first, queue_end, idle_first, idle_end;
} Globals;

/* --- randomness: funnelsim.randomness, funnelsim.arithmetic ---------------------------------------------------- */

static inline uint64_t mixed(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline double uniform(const Globals *g, int64_t entity, uint64_t purpose, int64_t n)
{
    uint64_t stream = mixed(g->key ^ (((uint64_t)entity << 16 | purpose) * 0xD1342543DE82EF95u));
    uint64_t z = mixed(stream + ((uint64_t)n + 1) * 0x9E3779B97F4A7C15u);
    return ((double)(int64_t)(z >> 12) + 0.5) * 2.220446049250313e-16;
}

/* For normal numbers above 0. Which half of the binade x lies in is a coin's toss: arithmetic instead of a branch. */
static inline double natural_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t mantissa = bits & 0xFFFFFFFFFFFFFu;
    uint64_t is_low = mantissa < 0x6A09E667F3BCDu; /* below sqrt(1/2) when scaled to [1/2, 1) */
    double k = (int32_t)(bits >> 52) - 1022 - (int32_t)is_low;
    bits = mantissa | (1022 + is_low) << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    double f = m - 1.0;
    double half = 0.5 * f * f;
    double s = f / (2.0 + f);
    double z = s * s;
    double w = z * z;
    double t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double t2 = z * (6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    return k * 6.93147180369123816490e-01 - ((half - (s * (half + (t2 + t1)) + k * 1.90821492927058770002e-10)) - f);
}

static inline double exponential(double u, double mean)
{
    return -mean * natural_log(1.0 - u);
}

static inline int64_t ticks(const Globals *g, double days)
{
    return (int64_t)(days * g->day + 0.5);
}

static inline double amount(const Globals *g, int64_t e, uint64_t purpose, int64_t n, double mean)
{
    return exponential(uniform(g, e, purpose, n), mean);
}

static inline int64_t duration(const Globals *g, int64_t e, uint64_t purpose, int64_t n, double mean)
{
    return ticks(g, amount(g, e, purpose, n, mean));
}

/* --- log and event list ------------------------------------------------------------------------------------------ */

static inline void note(Globals *g, int64_t buyer, int64_t kind, int64_t owner, double value)
{
    g->rows[g->n_rows++] = (Row){g->now, (int32_t)buyer, (uint8_t)kind, (int32_t)owner, value};
}

static inline void insert(Globals *g, uint64_t word)
{
    int64_t i = g->last++;
    for (; i > g->first && g->present[i - 1] > word; i--)
        g->present[i] = g->present[i - 1];
    g->present[i] = word;
}

static inline void at(Globals *g, int64_t time, uint64_t rank, int64_t buyer)
{
    if (time > g->end)
        return;
    int64_t slot = time >> g->shift;
    uint64_t word = (uint64_t)(time - (slot << g->shift)) << OFFSET | rank << RANK | (uint64_t)buyer;
    if (slot == g->slot) {
        insert(g, word);
        return;
    }
    int64_t event = g->free_event;
    if (event != 0)
        g->free_event = g->events[event].next;
    else
        event = g->n_events++;
    g->events[event] = (Event){word, g->slots[slot]};
    g->slots[slot] = (int32_t)event;
}

/* Go to the next slot that holds events; 0 when none is left. */
static inline int turn(Globals *g)
{
    const int64_t last_slot = g->end >> g->shift;
    int64_t event;
    g->first = g->last = 0;
    do {
        if (++g->slot > last_slot)
            return 0;
        event = g->slots[g->slot];
    } while (event == 0);
    while (event != 0) {
        Event *it = &g->events[event];
        int64_t next = it->next;
        __builtin_prefetch(&g->buyers[it->word & BUYER_MASK]);
        insert(g, it->word);
        it->next = g->free_event;
        g->free_event = event;
        event = next;
    }
    return 1;
}

static inline int is_last_of_instant(const Globals *g)
{
    return g->first == g->last || g->present[g->first] >> OFFSET != g->present[g->first - 1] >> OFFSET;
}

/* --- what buyers and reps do --------------------------------------------------------------------------------- */

static inline void await_touch(Globals *g, Buyer *b, int64_t e)
{
    int64_t n = b->number, gap = duration(g, e, FOR_TOUCH_GAP, n, 5.0);
    if (g->now + gap > b->deadline) {
        at(g, b->deadline, AT_LEAVING, e);
        return;
    }
    double trust = amount(g, e, FOR_TOUCH_STRENGTH, n, 1.0);
    if (n > 0)
        trust = b->trust * pow(g->two, (double)-gap * g->per_half_life) + trust;
    b->trust = trust;
    at(g, g->now + gap, AT_TOUCH, e);
}

static inline void await_arrival(Globals *g, int64_t e)
{
    at(g, g->now + duration(g, e, FOR_ARRIVAL, 0, g->arrival_mean), AT_ARRIVAL, e);
}

static inline void await_purchase(Globals *g, Buyer *b, int64_t e)
{
    int64_t n = b->number;
    b->state = uniform(g, e, FOR_CHURN, n) < 0.3;
    at(g, g->now + duration(g, e, FOR_REBUY_GAP, n, 90.0), AT_RENEWAL, e);
}

/* The rep who has been idle longest begins a meeting. */
static inline void start(Globals *g, Buyer *b, int64_t e, int64_t queued)
{
    int64_t seat = g->idle[g->idle_first++ & g->idle_mask].seat;
    b->state = (int32_t)seat;
    b->since = g->now;
    note(g, e, MSTART, seat, (double)(g->now - queued) / g->day);
    at(g, g->now + duration(g, e, FOR_MEETING, b->number, 0.05), AT_END, e);
}

static inline void join(Globals *g, Buyer *b, int64_t e)
{
    double u = uniform(g, e, FOR_PATIENCE, b->number);
    /* nobody else can come in between, and patience lasts at least a tick: it need not be known */
    if (g->idle_first != g->idle_end && g->n_waiting == 0 && u > g->least_patient && is_last_of_instant(g)) {
        start(g, b, e, g->now);
        return;
    }
    b->since = g->now;
    b->deadline = g->now + ticks(g, exponential(u, 10.0));
    b->state = WAITING;
    if (b->deadline > g->now) { /* a patience that ends now beats any service */
        int64_t i = g->queue_end++;
        for (; i > g->queue_first; i--) { /* who joined in this instant stands in order of number */
            Waiter before = g->queue[(i - 1) & g->queue_mask];
            if (before.queued < g->now || before.buyer < e)
                break;
            g->queue[i & g->queue_mask] = before;
        }
        g->queue[i & g->queue_mask] = (Waiter){g->now, e};
        g->n_waiting++;
    }
    at(g, b->deadline, AT_PATIENCE, e);
}

static inline void release(Globals *g, int64_t seat)
{
    int64_t i = g->idle_end++;
    for (; i > g->idle_first; i--) {
        Idle before = g->idle[(i - 1) & g->idle_mask];
        if (before.since < g->now || before.seat < seat)
            break;
        g->idle[i & g->idle_mask] = before;
    }
    g->idle[i & g->idle_mask] = (Idle){g->now, seat};
}

static inline void dispatch(Globals *g)
{
    while (g->n_waiting > 0 && g->idle_first != g->idle_end) {
        Waiter first = g->queue[g->queue_first++ & g->queue_mask];
        Buyer *b = &g->buyers[first.buyer];
        if (b->state != WAITING) /* has abandoned */
            continue;
        g->n_waiting--;
        start(g, b, first.buyer, first.queued);
    }
}

/* Run until the end, or until a table is nearly full; call again when it is larger. */
int run(Globals *g)
{
    if (g->slot < 0) {
        g->now = 0;
        await_arrival(g, 0);
    }
    for (;;) {
        if (g->first == g->last && !turn(g))
            return DONE;
        if (g->n_rows + g->reps + SPARE > g->cap_rows)
            return LOG_FULL;
        if (g->n_events + g->reps + SPARE > g->cap_events || g->last + g->reps + SPARE > g->cap_present)
            return EVENTS_FULL;
        uint64_t word = g->present[g->first];
        int64_t e = word & BUYER_MASK;
        if (e == g->cap_buyers)
            return BUYERS_FULL;
        g->first++;
        g->now = (g->slot << g->shift) + (int64_t)(word >> OFFSET);
        Buyer *b = &g->buyers[e];
        switch (word >> RANK & 15) {
        case AT_ARRIVAL:
            note(g, e, ARRIVE, -1, 0.0);
            b->deadline = g->now + g->leave_after;
            b->trust = 0.0;
            b->number = 0;
            await_touch(g, b, e);
            await_arrival(g, e + 1);
            break;
        case AT_TOUCH:
            note(g, e, TOUCH, -1, b->trust);
            if (b->trust < 3.0) {
                b->number++;
                await_touch(g, b, e);
                break;
            }
            note(g, e, LEAD, -1, b->trust);
            b->number = 0;
            join(g, b, e);
            break;
        case AT_LEAVING:
            note(g, e, COLD, -1, b->trust);
            break;
        case AT_END: {
            int64_t m = b->number;
            note(g, e, MEND, b->state, (double)(g->now - b->since) / g->day);
            release(g, b->state);
            int buys = uniform(g, e, FOR_BUY, m) < g->p_buy[m], drops = uniform(g, e, FOR_DROP, m) < 0.15;
            b->state = buys ? BUY : drops ? DROP : m == 7 ? EXHAUST : REQUEUE;
            at(g, g->now + duration(g, e, FOR_GAP, m, 5.0), AT_DECISION, e);
            break;
        }
        case AT_PATIENCE:
            if (b->state == WAITING && b->deadline == g->now) { /* else a meeting came first */
                note(g, e, ABANDON, -1, (double)(g->now - b->since) / g->day);
                b->state = GONE;
                g->n_waiting -= b->deadline > b->since;
            }
            break;
        case AT_DECISION:
            if (b->state == BUY) {
                note(g, e, BUY, -1, amount(g, e, FOR_REVENUE, 0, 100.0));
                b->number = 0;
                await_purchase(g, b, e);
                break;
            }
            note(g, e, b->state, -1, 0.0);
            if (b->state == REQUEUE) {
                b->number++;
                join(g, b, e);
            }
            break;
        case AT_RENEWAL:
            b->number++;
            note(g, e, REBUY, -1, amount(g, e, FOR_REVENUE, b->number, 100.0));
            if (b->state)
                note(g, e, CHURN, -1, 0.0);
            else
                await_purchase(g, b, e);
            break;
        }
        if (g->n_waiting > 0 && g->idle_first != g->idle_end && is_last_of_instant(g))
            dispatch(g);
    }
}

int64_t size_of_globals(void)
{
    return sizeof(Globals);
}
