"""Celery's side: the application (for `celery -A celery_app worker`), and as a program the client that bench/run drives by lines `echo N WINDOW`."""
import os

from celery import Celery

REDIS = "redis://127.0.0.1:%s/" % os.environ["BENCH_REDIS_PORT"]
app = Celery("celery_app", broker=REDIS + "0", backend=REDIS + "1")


@app.task(name="echo")
def echo(text):
    return text


def many(n):
    import load
    texts = [load.payload() for _ in range(n)]
    begun = load.now()
    answers = [echo.delay(text) for text in texts]
    wrong = sum(a.get(timeout=30) != text for a, text in zip(answers, texts))
    load.report(load.now() - begun, wrong)


def one_at_a_time(n):
    import load
    texts, times, wrong, begun = [load.payload() for _ in range(n)], [], 0, load.now()
    for text in texts:
        before = load.now()
        wrong += echo.delay(text).get(timeout=30) != text
        times.append(load.now() - before)
    load.report(load.now() - begun, wrong, times)


def main():
    import load
    for order, *numbers in load.orders():
        if order == "echo":
            (one_at_a_time if numbers[1] == "1" else many)(int(numbers[0]))
        elif order == "put":  # a task that no worker takes
            app.send_task("echo", (load.payload(),), queue="nobody")
            load.report(0, 0)


if __name__ == "__main__":
    main()
