"""The Python FastWorker's side: its task module, and as a program the client that bench/run drives by lines `echo N WINDOW`."""
import asyncio
import logging

from fastworker import Client, task


@task
def echo(text: str) -> str:
    return text


async def ask(client, n, window):
    import load
    texts, times, wrong = [load.payload() for _ in range(n)], [], 0
    left = iter(texts)

    async def one():
        nonlocal wrong
        for text in left:
            before = load.now()
            answer = await client.submit_task("echo", args=(text,))
            times.append(load.now() - before)
            wrong += answer.result != text

    begun = load.now()
    await asyncio.gather(*[one() for _ in range(window)])
    load.report(load.now() - begun, wrong, times if window == 1 else ())


async def main():
    import load
    # A lost answer would otherwise cost 30 s, four times over.
    client = Client(timeout=1, retries=1)
    await client.start()
    if not client.workers:
        raise SystemExit("found no control plane")
    for _, n, window in load.orders():
        await ask(client, int(n), int(window))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
