"""Alpha Vantage over HTTP: what it is asked and what its answers mean. The producer's source and the batch feed share it.

| module | what it knows |
| --- | --- |
| settings | the key, the plan, what the plan includes |
| answers | what an answer means: data, too fast, spent, refused, garbage |
| quotes, bars, daily | the rows of an answer, typed; a quote as a tick |
| client | the endpoints, each call counted by the budget |
"""
